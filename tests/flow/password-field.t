# a password field: one span from focus change to focus change, widened to the second
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s type a
+2300ms focus 2
field 21
+1s type secret
+2s focus 1
field 11
+2s type b
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
3000..7000 span password
7000 focus app=gedit
9000 key_down letter code=48
9030 key_up letter code=48
