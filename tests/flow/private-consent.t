# a capture that begins in private mode keeps nothing until it is over
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
consent paused
+1s private on
consent given
+1s type xy
+2s private off
+3s type ab
--
0 start
0 stop
1000 start
1000..5000 span private
5000 focus app=gedit
7200 key_down letter code=30
7230 key_up letter code=30
7300 key_down letter code=48
7330 key_up letter code=48
