# the hotkey begins private mode before it, and ends it behind it
study keys=code key_time=exact apps=id hotkey=Ctrl+63
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
+1s press Ctrl
+20ms press F5
+20ms release F5
+20ms release Ctrl
+1s type xyz
+1s press F5
+20ms release F5
+1s press Ctrl
+20ms press F5
+20ms release F5
+20ms release Ctrl
+3s type ef
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
2000..6000 span private
8640 key_down letter code=18
8670 key_up letter code=18
8740 key_down letter code=33
8770 key_up letter code=33
