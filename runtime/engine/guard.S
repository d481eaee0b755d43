/* SPDX-License-Identifier: MIT */
/*
 * Calls that can be abandoned: hmmcl_guarded_call notes the stack pointer; the fault
 * handler (fault.c) makes the thread go on at hmmcl_guarded_resume with it.
 */
	.text
	.globl	hmmcl_guarded_call
	.hidden	hmmcl_guarded_call
	.type	hmmcl_guarded_call, @function
hmmcl_guarded_call:
	.cfi_startproc
	push	%rbx
	.cfi_adjust_cfa_offset 8
	push	%rbp
	.cfi_adjust_cfa_offset 8
	push	%r12
	.cfi_adjust_cfa_offset 8
	push	%r13
	.cfi_adjust_cfa_offset 8
	push	%r14
	.cfi_adjust_cfa_offset 8
	push	%r15
	.cfi_adjust_cfa_offset 8
	push	%rdi			/* recovery; also aligns the stack */
	.cfi_adjust_cfa_offset 8
	mov	%rsp, (%rdi)		/* recovery->sp */
	movq	$1, 8(%rdi)		/* recovery->armed */
	mov	%rdx, %rdi
	call	*%rsi
	xor	%eax, %eax
.Lleave:
	pop	%rdi
	.cfi_adjust_cfa_offset -8
	movq	$0, 8(%rdi)
	pop	%r15
	.cfi_adjust_cfa_offset -8
	pop	%r14
	.cfi_adjust_cfa_offset -8
	pop	%r13
	.cfi_adjust_cfa_offset -8
	pop	%r12
	.cfi_adjust_cfa_offset -8
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	hmmcl_guarded_call, . - hmmcl_guarded_call

	/* Reached from the fault handler only, with the noted stack pointer.  The code that was
	 * left may have changed any floating-point setting. */
	.globl	hmmcl_guarded_resume
	.hidden	hmmcl_guarded_resume
	.type	hmmcl_guarded_resume, @function
hmmcl_guarded_resume:
	cld
	call	hmmcl_reset_floating_point
	mov	$1, %eax
	jmp	.Lleave
	.size	hmmcl_guarded_resume, . - hmmcl_guarded_resume

	.globl	hmmcl_reset_floating_point
	.hidden	hmmcl_reset_floating_point
	.type	hmmcl_reset_floating_point, @function
hmmcl_reset_floating_point:
	.cfi_startproc
	fninit
	pushq	$0x1f80
	.cfi_adjust_cfa_offset 8
	ldmxcsr	(%rsp)
	pop	%rax
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	hmmcl_reset_floating_point, . - hmmcl_reset_floating_point

	.section .note.GNU-stack, "", @progbits
