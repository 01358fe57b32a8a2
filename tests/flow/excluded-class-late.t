# A window that changes its class while it has the focus is judged again
study keys=code key_time=exact apps=id exclude=vault*
window 1 exe=/usr/bin/python3 pid=100 
object 20 pid=100 role=text
consent given
focus 1
field 20
+1s window 1 exe=/usr/bin/python3 pid=100 class=vault
focus 1
+1s type xyz
+4s motion 1 1
stop
--
0 start
0 focus app=python3
1000..7000 span excluded-app
7000 stop
