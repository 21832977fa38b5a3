"""A Stable Diffusion of random weights, saved in the real folder format: kilobytes instead of gigabytes."""
import json
import string
from pathlib import Path

import torch
import transformers
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker

_WIDTH = 32  # of the text model


def write_model(folder: Path, flags_everything: bool = False, with_checker: bool = True) -> Path:
    """Write the model. flags_everything: its safety checker does."""
    torch.manual_seed(0)
    tokenizer = _tokenizer(folder.parent / (folder.name + '-vocabulary'))
    text = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=_WIDTH, intermediate_size=40, num_hidden_layers=1, num_attention_heads=2,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(block_out_channels=(8, 8, 8, 8), norm_num_groups=4, sample_size=64,
                          down_block_types=('DownEncoderBlock2D',) * 4, up_block_types=('UpDecoderBlock2D',) * 4),
        text_encoder=transformers.CLIPTextModel(text).eval(), tokenizer=tokenizer,
        unet=UNet2DConditionModel(sample_size=8, block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1,
                                  down_block_types=('DownBlock2D', 'CrossAttnDownBlock2D'), attention_head_dim=4,
                                  up_block_types=('CrossAttnUpBlock2D', 'UpBlock2D'), cross_attention_dim=_WIDTH),
        scheduler=PNDMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule='scaled_linear', steps_offset=1,
                                skip_prk_steps=True),
        safety_checker=_checker(flags_everything) if with_checker else None,
        feature_extractor=transformers.CLIPImageProcessor(size=32, crop_size=32), requires_safety_checker=False)
    pipeline.save_pretrained(str(folder))
    return folder


def _tokenizer(folder: Path) -> transformers.CLIPTokenizer:
    folder.mkdir()
    letters = string.ascii_lowercase + string.digits + ',.'
    tokens = list(letters) + [letter + '</w>' for letter in letters] + ['<|startoftext|>', '<|endoftext|>']
    (folder / 'vocab.json').write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    (folder / 'merges.txt').write_text('#version: 0.2\na n</w>\n')
    return transformers.CLIPTokenizer(str(folder / 'vocab.json'), str(folder / 'merges.txt'),
                                      model_max_length=77)


def _checker(flags_everything: bool) -> StableDiffusionSafetyChecker:
    checker = StableDiffusionSafetyChecker(transformers.CLIPConfig(
        vision_config={'hidden_size': 32, 'intermediate_size': 40, 'num_hidden_layers': 1, 'num_attention_heads': 2,
                       'image_size': 32, 'patch_size': 16}, text_config={}, projection_dim=16))
    # A picture is flagged if its likeness to a concept, -1 to 1, is above the concept's limit.
    for limits in (checker.concept_embeds_weights, checker.special_care_embeds_weights):
        torch.nn.init.constant_(limits, -2 if flags_everything else 2)
    return checker.eval()
