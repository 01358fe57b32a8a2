# motion with place and movement, scroll, touch
study keys=code pointer=full scroll=on
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
+1s motion 10 20 1.5 -2
+10ms scroll 0 -120
+10ms touch begin 5 6
+10ms touch update 7 8
+10ms touch end 7 8
--
0 start
0 focus app=gedit
1000 motion at=10,20 by=1.5,-2
1010 scroll scroll=0,-120
1020 touch_down code=0 at=5,6
1030 touch_move code=0 at=7,8
1040 touch_up code=0 at=7,8
