# a script that is slow to begin: what was typed ahead of its prompt waits, and is masked when the prompt comes; the command is kept
study keys=code key_time=exact apps=id
consent given
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
tty 3 program
focus 3
+1s type x
+1s press Return
+1ms release Return
press p
+1ms release p
press q
+9ms release q
+30ms tty 3 starting
+10ms press r
+10ms release r
+900ms tty 3 unknown
+300ms tty 3 program
+3s type y
+3s type z
--
0 start
0 focus app=xterm
1000 key_down letter code=45
1030 key_up letter code=45
2000..7000 span unknown
9461 key_down letter code=44
9491 key_up letter code=44
