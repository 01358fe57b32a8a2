# the caret that a click took, though it needed none, is handed on to the last key when all is quiet
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
+1s button down
+20ms button up
+100ms press a
+5ms release a
--
0 start
0 focus app=gedit
1000 button_down code=272
1020 button_up code=272
1020..2000 span unknown
