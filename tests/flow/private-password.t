# a password typed in private mode: the span is one, and does not say so
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 14 pid=10 role=text
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s type ab
+2s private on
+1s type x
+2s field 12
+1s type xyz
+5s field 11
+2s type y
+2s private off
+3s type ef
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
3000..17000 span private
19700 key_down letter code=18
19730 key_up letter code=18
19800 key_down letter code=33
19830 key_up letter code=33
