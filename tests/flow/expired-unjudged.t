# the decision runs out before what was typed could be judged: it is masked, and does not vanish
study keys=code key_time=exact pointer=full apps=id
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
tty 3 program
focus 3
sampling off
consent given for=10s
+9500ms press b
+20ms press c
+2s stop
--
0 start
0 focus app=xterm
9500 key_down letter code=48
9500..10000 span unknown
10000 stop
