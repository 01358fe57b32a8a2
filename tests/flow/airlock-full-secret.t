# the same in a password field tells no number
study keys=code pointer=full apps=none
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 2
field 21
+1s flood 60000
+5s focus 1
field 11
+3s motion 1 1
--
0 start
0..6000 span password
9000 motion at=1,1
