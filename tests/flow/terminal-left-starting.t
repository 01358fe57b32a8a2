# a terminal is left while a script starts in it, which then asks in a way of its own: what was typed ahead is masked
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
tty 3 program
focus 3
+1s type x
+1s press Return
+1ms release Return
press p
+1ms release p
+30ms tty 3 starting
+400ms press q
+1ms release q
+400ms focus 1
field 11
tty 3 unknown
+500ms tty 3 program
+5s type c
--
0 start
0 focus app=xterm
1000 key_down letter code=45
1030 key_up letter code=45
2000..3000 span unknown
3000 focus app=gedit
8433 key_down letter code=46
8463 key_up letter code=46
