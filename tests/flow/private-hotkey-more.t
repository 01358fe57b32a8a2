# a chord with one modifier more is no hotkey
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
+1s press Ctrl
+20ms press Alt
+20ms press F5
+20ms release F5
+20ms release Alt
+20ms release Ctrl
+1s type ab
--
0 start
0 focus app=gedit
1000 key_down modifier code=29
1020 key_down modifier code=56
1040 key_down function code=63
1060 key_up function code=63
1080 key_up modifier code=56
1100 key_up modifier code=29
2100 key_down letter code=30
2130 key_up letter code=30
2200 key_down letter code=48
2230 key_up letter code=48
