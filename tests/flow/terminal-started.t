# what is typed ahead of a program that goes on echoing is kept, when it has run for a while
study keys=code key_time=exact apps=id
consent given
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
tty 3 program
focus 3
+1s type x
+1s press Return
+20ms release Return
+20ms tty 3 starting
+10ms press r
+10ms release r
+2s tty 3 echo
+3s type y
--
0 start
0 focus app=xterm
1000 key_down letter code=45
1030 key_up letter code=45
2100 key_down enter code=28
2120 key_up enter code=28
2150 key_down letter code=19
2160 key_up letter code=19
7160 key_down letter code=21
7190 key_up letter code=21
