# private mode: everything becomes one span, the pointer too, and what came before the last barrier is kept
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
+1s press Tab
+5ms release Tab
+100ms type cd
+20ms motion 10 10
private on
+1s type xyz
+1s motion 20 20
button down
+10ms button up
+3s private off
+3s type ef
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
2000..8000 span private
10835 key_down letter code=18
10865 key_up letter code=18
10935 key_down letter code=33
10965 key_up letter code=33
