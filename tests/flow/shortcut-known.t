# Ctrl+S where the focused object is known: kept, in a text field and on a button
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
+1s press Ctrl
+20ms press s
+20ms release s
+20ms release Ctrl
+1s field 13
+1s press Ctrl
+20ms press s
+20ms release s
+20ms release Ctrl
--
0 start
0 focus app=gedit
1000 key_down modifier code=29
1020 key_down letter code=31
1040 key_up letter code=31
1060 key_up modifier code=29
3060 key_down modifier code=29
3080 key_down letter code=31
3100 key_up letter code=31
3120 key_up modifier code=29
