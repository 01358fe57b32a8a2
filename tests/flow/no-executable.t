# a window whose process is known but not what it is: masked
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/geany pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 13 pid=10 role=other
object 22 pid=20 role=text
window 4 exe= pid=40
object 41 pid=40 role=text
focus 4
field 41
+1s type ab
+5s focus 1
field 11
+3s type c
--
0 start
0..7000 span unknown
7000 focus app=gedit
9200 key_down letter code=46
9230 key_up letter code=46
