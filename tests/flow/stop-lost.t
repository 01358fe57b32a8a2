# what was lost just before the stop is told
study keys=code key_time=exact pointer=full apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
tty 3 program
focus 3
+1s type a
+5s lost 17
+100ms stop
--
0 start
0 focus app=xterm
1000 key_down letter code=30
1030 key_up letter code=30
6000..7000 gap overflow
6200 stop
