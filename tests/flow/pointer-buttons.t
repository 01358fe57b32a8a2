# pointer: buttons keeps clicks without a place
study keys=code pointer=buttons apps=id
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
+1s button down
+50ms button up
--
0 start
0 focus app=gedit
2000 button_down code=272
2050 button_up code=272
