# show password does not unmask
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
field 12
+1s type a
+1s object 12 role=text
field 12
+1s type bc
+3s field 11
+2s type d
--
0 start
0..7000 span password
7000 focus app=gedit
8300 key_down letter code=32
8330 key_up letter code=32
