# raw mode with an unknown program: masked
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
tty 3 unknown
focus 3
+1s type ab
+3s tty 3 program
+3s type cd
--
0 start
0..8000 span unknown
