# typed ahead behind the Return before the prompt is there: masked
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
+1s press s
+1ms release s
press u
+1ms release u
press Return
+1ms release Return
press x
+1ms release x
press y
+1ms release y
press z
+1ms release z
+100ms tty 3 secret
+1s type z
+1s press Return
+2ms tty 3 echo
+5ms release Return
+3s type id
--
0 start
0 focus app=xterm
1000 key_down letter code=31
1001 key_up letter code=31
1001 key_down letter code=22
1002 key_up letter code=22
1002..4000 span terminal-echo-off
6213 key_down letter code=23
6243 key_up letter code=23
6313 key_down letter code=32
6343 key_up letter code=32
