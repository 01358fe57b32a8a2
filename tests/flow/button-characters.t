# on a button: arrows and function keys are kept, plain characters masked, though a caret moves somewhere
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
field 13
+1s press Left
+30ms release Left
+100ms press F5
+30ms release F5
+2s press a
+2ms caret 11
+30ms release a
+3s press Right
+30ms release Right
--
0 start
0 focus app=gedit
1000 key_down navigation code=105
1030 key_up navigation code=105
1130 key_down function code=63
1160 key_up function code=63
3000..4000 span unknown
6192 key_down navigation code=106
6222 key_up navigation code=106
