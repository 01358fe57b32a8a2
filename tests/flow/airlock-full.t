# more at once than the airlock holds: a counted gap
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
tty 3 program
focus 3
+1s flood 60000
+5s motion 1 1
--
0 start
1000 motion (49151 times)
1000..1000 gap overflow lost=10849
6000 motion at=1,1
