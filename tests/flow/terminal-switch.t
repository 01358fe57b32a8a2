# two terminals: only the focused one counts
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
window 5 exe=/usr/bin/xterm pid=50 terminal
tty 5 secret
tty 3 program
focus 3
+1s type ab
+1s focus 5
+500ms type cd
+2s focus 3
+3s type ef
--
0 start
0 focus app=xterm
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
2000..5000 span terminal-echo-off
5000 focus app=xterm
7900 key_down letter code=18
7930 key_up letter code=18
8000 key_down letter code=33
8030 key_up letter code=33
