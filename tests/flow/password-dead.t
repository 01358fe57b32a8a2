# a field that does not answer is not vouched for
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
object 11 pid=10 role=dead
focus 1
field 11
+1s type ab
+4s object 11 role=text
field 22
object 14 pid=10 role=text
field 14
+2s type c
--
0 start
1000..6000 span unknown
6000 focus app=gedit
7200 key_down letter code=46
7230 key_up letter code=46
