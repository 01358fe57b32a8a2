# set back, but not behind the decision
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
+100s focus 1
field 11
+1s type a
+1s clock -50s
+1s type b
--
0 start
100000 focus app=gedit
101000 key_down letter code=30
101030 key_up letter code=30
52100 clock mono=102100
53100 key_down letter code=48
53130 key_up letter code=48
