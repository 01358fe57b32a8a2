# a prompt 250 ms after Enter (ssh): keys typed ahead are masked
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
tty 3 program
focus 3
+1s type x
+1s press Return
+20ms release Return
+20ms press p
+20ms release p
+190ms tty 3 secret
+1s tty 3 program
+3s type y
--
0 start
0 focus app=xterm
1000 key_down letter code=45
1030 key_up letter code=45
2000..4000 span terminal-echo-off
6350 key_down letter code=21
6380 key_up letter code=21
