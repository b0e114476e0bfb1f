mutant "interrupting: nobody interrupts" src/context/interrupting.rs \
    'Box::new(|| io.interrupt())' 'Box::new(|| { let _ = io; })' sim_interrupting
mutant "interrupting: the registration ends before the call" src/context/interrupting.rs \
    'Ok(f())' 'drop(_registered);
        Ok(f())' sim_interrupting
mutant "interrupting: an interrupt that is under way is not waited for" src/context/callback.rs \
    'self.callback.wait_until_over(call);' 'let _ = call;' sim_interrupting
mutant "interrupting: a socket is interrupted by a task" src/context/interrupting.rs \
    'if io.is_inline(Private) {' 'if false {' interrupting
mutant "interrupting: a TCP connection is shut for reading only" src/context/interrupting.rs \
    'drop(self.shutdown(Shutdown::Both));' 'drop(self.shutdown(Shutdown::Read));' interrupting
mutant "interrupting: a Unix connection is left alone" src/context/interrupting.rs \
    'impl Interrupt for UnixStream {
    fn interrupt(&self) {
        drop(self.shutdown(Shutdown::Both));' 'impl Interrupt for UnixStream {
    fn interrupt(&self) {' interrupting
mutant "interrupting: a process is not killed" src/context/interrupting.rs \
    'child.kill()?;' '' interrupting
mutant "interrupting: the input of a process stays open" src/context/interrupting.rs \
    'drop(child.stdin.take());' '{}' interrupting
mutant "interrupting: a process under a lock is not killed" src/context/interrupting.rs \
    'drop(self.lock().kill());' '{}' interrupting
