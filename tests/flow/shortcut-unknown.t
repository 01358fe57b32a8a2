# Ctrl+S where nobody knows what has the focus: masked
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
+1s press Ctrl
+20ms press s
+20ms release s
+20ms release Ctrl
+5s stop
--
0 start
1000..7000 span unknown
7000 stop
