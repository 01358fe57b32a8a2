# pointer motion in a password field is masked, too
study keys=code pointer=full apps=id
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
+1s motion 1 1
+2s focus 2
field 21
+500ms motion 5 5
+100ms button down
+50ms button up
+2s focus 1
field 11
+2s motion 2 2
--
0 start
0 focus app=gedit
1000 motion at=1,1
3000..6000 span password
6000 focus app=gedit
7650 motion at=2,2
