# a password and Return typed by a program within 20 ms, only the look before the keys saw the prompt: masked
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
focus 3
sampling off
+1s tty 3 secret
+5ms sampling on
press x
+2ms release x
press y
+2ms release y
press z
+2ms release z
press Return
+2ms release Return
tty 3 echo
+3s type id
--
0 start
0 focus app=xterm
1000..2000 span terminal-echo-off
4013 key_down letter code=23
4043 key_up letter code=23
4113 key_down letter code=32
4143 key_up letter code=32
