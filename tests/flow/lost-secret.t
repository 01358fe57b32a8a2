# a loss inside a password field tells no number
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
+1s type a
lost 5
+1s focus 1
field 11
+3s type a
--
0 start
0..3000 span password
3000 focus app=gedit
5100 key_down letter code=30
5130 key_up letter code=30
