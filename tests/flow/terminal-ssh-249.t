# ssh's prompt comes 249 ms after the Return; what was typed before it came is masked, the command is kept
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
focus 3
+1s type ssh
press Return
+1ms release Return
+50ms type xy
+48ms tty 3 secret
+500ms type z
+1s press Return
+2ms tty 3 echo
+5ms release Return
+3s type id
--
0 start
0 focus app=xterm
1000 key_down letter code=31
1030 key_up letter code=31
1100 key_down letter code=31
1130 key_up letter code=31
1200 key_down letter code=35
1230 key_up letter code=35
1230..4000 span terminal-echo-off
6206 key_down letter code=23
6236 key_up letter code=23
6306 key_down letter code=32
6336 key_up letter code=32
