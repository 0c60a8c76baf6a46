"""Graph diffusion: the denoising network and the generator built on it."""
