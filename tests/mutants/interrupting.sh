mutant "interrupting: a context that has ended is looked at too late" src/context/interrupting.rs \
    'self.check()?;
        let interrupt' 'let interrupt' sim_interrupting
mutant "interrupting: nobody interrupts" src/context/interrupting.rs \
    'Box::new(|| io.interrupt())' 'Box::new(|| { let _ = io; })' sim_interrupting
mutant "interrupting: the registration ends before the call" src/context/interrupting.rs \
    'let result = f();
        let abort = AbortOnDrop;
        drop(registration);' 'drop(registration);
        let result = f();
        let abort = AbortOnDrop;' sim_interrupting
mutant "interrupting: an interrupt that is under way is not waited for" src/context/interrupting.rs \
    'drop(registration);' 'registration.stop();' sim_interrupting
mutant "interrupting: the interrupt may come late" src/context/interrupting.rs \
    'drop(registration);' 'registration.detach();' sim_interrupting
mutant "interrupting: an end during the registration is not heard" src/context/callback.rs \
    'callback.run();
            None' 'None' sim_interrupting
mutant "interrupting: a call waits for the interrupt on its own thread" src/context/callback.rs \
    'Stage::Running(on) if *on != me' 'Stage::Running(_)' context_on_cancel
mutant "interrupting: an interrupt that panics is under way for ever" src/context/callback.rs \
    'let _over = Over(self);
        f();' 'f();
        drop(Over(self));' interrupting
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
