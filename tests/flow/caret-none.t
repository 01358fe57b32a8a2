# a text field that moves no caret confirms nothing: masked when 3 s are over
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
focus 1
field 11
object 11 caret=none
+1s type ab
+4s object 11 caret=2ms
type cd
--
0 start
0 focus app=gedit
1000..2000 span unknown
5200 key_down letter code=46
5230 key_up letter code=46
5300 key_down letter code=32
5330 key_up letter code=32
