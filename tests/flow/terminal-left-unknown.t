# a terminal is left right behind a line, and cannot be looked at any more: masked
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/geany pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 13 pid=10 role=other
object 22 pid=20 role=text
focus 3
+1s type ls
tty 3 unknown
focus 1
field 11
+5s type c
--
0 start
0 focus app=xterm
1000..2000 span unknown
2000 focus app=gedit
6200 key_down letter code=46
6230 key_up letter code=46
