# carets of another process confirm nothing
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
object 11 caret=none
+1s press a
+2ms caret 22
+30ms release a
+100ms press b
+2ms caret 22
+30ms release b
--
0 start
0 focus app=gedit
1000..2000 span unknown
