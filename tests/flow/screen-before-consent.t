# what was told of the screen and the keyboard before a decision is said when it begins
study keys=code key_time=exact pointer=full apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
tty 3 program
consent withdrawn
screen 800 600
layout de
+2s consent given
focus 3
+1s type a
--
0 start
0 stop
2000 start
2000 screen at=800,600
2000 layout text=de
2000 focus app=xterm
3000 key_down letter code=30
3030 key_up letter code=30
