# two spans, two windows, no hole between
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
focus 2
field 21
+2500ms focus 3
tty 3 secret
+2s focus 1
field 11
+3s type a
--
0 start
0..3000 span password
3000..5000 span terminal-echo-off
5000 focus app=gedit
7500 key_down letter code=30
7530 key_up letter code=30
