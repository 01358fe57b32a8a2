# what was typed between a decision and its being known is not recorded, though it waits already; what was typed before it is no loss
study keys=code key_time=exact pointer=full apps=id
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
tty 3 program
focus 3
consent given
+1s press a
+30ms release a
+2s press b
+30ms release b
+500ms press c
+30ms release c
+200ms tty 3 program
decided 280
--
0 start
0 focus app=xterm
1000 key_down letter code=30
1030 key_up letter code=30
3030 key_down letter code=48
3060 key_up letter code=48
3510 stop
