# lost for longer than a moment: the gap is as long
study keys=code key_time=exact pointer=full apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
tty 3 program
focus 3
sampling off
+1800ms flood 60000
+300ms flood 10
+5s motion 1 1
--
0 start
0 focus app=xterm
1800 motion (49151 times)
1800..3000 gap overflow lost=10859
7100 motion at=1,1
