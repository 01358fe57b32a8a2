# between pointer events a key stands where the grid puts it, not where it happened
study keys=code key_time=20ms pointer=full
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
+5ms motion 2 2
+5ms motion 3 3
+3ms press a
+1ms motion 4 4
+30ms release a
--
0 start
0 focus app=gedit
1000 motion at=1,1
1000 key_down letter code=30
1005 motion at=2,2
1010 motion at=3,3
1014 motion at=4,4
1040 key_up letter code=30
