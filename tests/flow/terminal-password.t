# ECHO off: a span, and what was in the airlock with it
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
+1s type su\
tty 3 secret
+500ms type pass\
tty 3 program
+3s type ls
--
0 start
0 focus app=xterm
1000 key_down letter code=31
1030 key_up letter code=31
1100 key_down letter code=22
1130 key_up letter code=22
1130..3000 span terminal-echo-off
5300 key_down letter code=38
5330 key_up letter code=38
5400 key_down letter code=31
5430 key_up letter code=31
