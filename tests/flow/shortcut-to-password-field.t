# a shortcut leads to a password field right behind a word: the word is kept, and the shortcut and what follows is not
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
object 12 pid=10 role=password
focus 1
field 11
+3s type ab
+20ms press Ctrl
+5ms press l
+5ms into 12
release l
+5ms release Ctrl
+5ms press r
+5ms release r
+20ms field 12
+600ms field 11
+5s type c
--
0 start
0 focus app=gedit
3000 key_down letter code=30
3030 key_up letter code=30
3100 key_down letter code=48
3130 key_up letter code=48
3130..4000 span password
8865 key_down letter code=46
8895 key_up letter code=46
