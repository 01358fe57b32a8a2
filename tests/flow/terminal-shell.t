# a shell's line editor: kept
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
+1s type ls\
--
0 start
0 focus app=xterm
1000 key_down letter code=38
1030 key_up letter code=38
1100 key_down letter code=31
1130 key_up letter code=31
1200 key_down enter code=28
1230 key_up enter code=28
