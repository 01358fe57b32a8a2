# A prompt that is found after its terminal was left masks what was typed there last
study keys=code key_time=exact apps=id
sampling off
window 7 exe=/usr/bin/xterm pid=700 terminal
window 1 exe=/usr/bin/editor pid=100
object 20 pid=100 role=text
consent given
focus 7
+2s type ls
+2s tty 7 secret
press x
+20ms release x
focus 1
field 20
+900ms tty 7 echo
+4s motion 1 1
--
0 start
0 focus app=xterm
2000 key_down letter code=38
2030 key_up letter code=38
2100 key_down letter code=31
2130 key_up letter code=31
4000..5000 span terminal-echo-off
5000 focus app=editor
9120 motion at=1,1
