# what is lost at a whole second exactly is told, too, where nobody knows how much
study keys=code key_time=exact pointer=full apps=id
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
tty 3 program
focus 3
consent given
+5s lost -1
+1s press a
+30ms release a
+3s stop
--
0 start
0 focus app=xterm
5000..6000 gap overflow
6000 key_down letter code=30
6030 key_up letter code=30
9030 stop
