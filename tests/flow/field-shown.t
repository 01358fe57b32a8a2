# "show password": what was a password field stays one
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
+1s field 12
+1s type xy
+1s object 12 role=text
+1s type z
+2s field 11
+3s type c
--
0 start
0 focus app=gedit
1000..7000 span password
9300 key_down letter code=46
9330 key_up letter code=46
